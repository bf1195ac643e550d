import { expect, test } from 'vitest';
import { framedCsp, PAGE_CSP } from './guard.ts';

test('a document keeps its own policy in our frame, but for who may frame it', () => {
  expect(framedCsp("default-src 'none'; frame-ancestors 'none'; style-src 'sha256-x'")).toBe(
    "default-src 'none'; style-src 'sha256-x'; frame-ancestors 'self'",
  );
  expect(framedCsp(undefined)).toBe("default-src 'none'; frame-ancestors 'self'");
});

test('the page’s policy allows nothing inline, nothing from text and nothing from elsewhere', () => {
  expect(PAGE_CSP).not.toContain('unsafe');
  expect(PAGE_CSP).not.toMatch(/https?:|\*/);
  for (const part of ["default-src 'none'", "base-uri 'none'", "frame-ancestors 'none'"]) {
    expect(PAGE_CSP).toContain(part);
  }
});
