import { z } from 'zod';
import { baseStrategy } from './base.ts';
import type { Part } from './part.ts';
import { PRESETS } from './presets.ts';
import type { Preset } from './presets.ts';
import { PARTS } from './registry.ts';
import type { PolicySettings } from './registry.ts';
import type { Services, Strategy } from './strategy.ts';

/** A policy in force: a preset, or a preset with some settings changed. */
export interface Policy {
  /** The preset's name, or `cached(ttlMs=60000)` with overrides. */
  name: string;
  preset: string;
  title: string;
  description: string;
  invalidation: string;
  settings: PolicySettings;
}

/** Refused settings, with every reason at once. */
export class PolicyError extends Error {
  readonly reasons: string[];

  constructor(reasons: string[]) {
    super(`policy refused: ${reasons.join('; ')}`);
    this.name = 'PolicyError';
    this.reasons = reasons;
  }
}

const parts: [name: string, part: Part<unknown>][] = Object.entries(PARTS);

const FALLBACKS = Object.fromEntries(parts.map(([name, part]) => [name, part.fallback]));

const requestSchema = z.strictObject({
  preset: z.string(),
  overrides: z.record(z.string(), z.unknown()).default({}),
});

/**
 * @param input - A preset's name, or `{ preset, overrides }`.
 * @throws PolicyError for unknown names, values out of range and settings that make no sense together.
 */
export function resolvePolicy(input: unknown): Policy {
  const request = requestSchema.safeParse(typeof input === 'string' ? { preset: input } : input);
  if (!request.success) throw new PolicyError(issues(request.error));
  const { preset: name, overrides } = request.data;

  const reasons: string[] = [];
  const preset = PRESETS.find((candidate) => candidate.name === name);
  if (preset === undefined) {
    const known = PRESETS.map((candidate) => candidate.name).join(', ');
    reasons.push(`preset "${name}" is unknown; known: ${known}`);
  }
  for (const key of Object.keys(overrides))
    if (!Object.hasOwn(PARTS, key))
      reasons.push(`setting "${key}" is unknown; known: ${Object.keys(PARTS).join(', ')}`);

  const settings: Record<string, unknown> = { ...FALLBACKS, ...preset?.settings, ...overrides };
  for (const [part, { schema }] of parts) {
    const parsed = schema.safeParse(settings[part]);
    if (!parsed.success) reasons.push(...issues(parsed.error, part));
  }
  if (areSettings(settings))
    reasons.push(...parts.flatMap(([, part]) => part.conflicts?.(settings) ?? []));
  if (preset === undefined || reasons.length > 0 || !areSettings(settings))
    throw new PolicyError(reasons);
  return describe(preset, overrides, settings);
}

/** Puts the parts around each other. Each call starts with empty process memory. */
export function buildStrategy(settings: PolicySettings, services: Services): Strategy {
  const base = baseStrategy(settings, services, (slots) => {
    for (const [, part] of parts) part.tune?.(slots, settings, services);
  });
  return parts.reduceRight(
    (inner, [, part]) => part.wrap?.(inner, settings, services) ?? inner,
    base,
  );
}

function areSettings(
  values: Record<string, unknown>,
): values is Record<string, unknown> & PolicySettings {
  return parts.every(([name, { schema }]) => schema.safeParse(values[name]).success);
}

function describe(
  preset: Preset,
  overrides: Record<string, unknown>,
  settings: PolicySettings,
): Policy {
  const changes = Object.entries(overrides).map(([key, value]) => `${key}=${String(value)}`);
  return {
    name: changes.length === 0 ? preset.name : `${preset.name}(${changes.join(', ')})`,
    preset: preset.name,
    title: preset.title,
    description: preset.description,
    invalidation: preset.invalidation,
    settings,
  };
}

function issues(error: z.ZodError, prefix?: string): string[] {
  return error.issues.map((issue) => {
    const path = [...(prefix === undefined ? [] : [prefix]), ...issue.path].join('.');
    return path === '' ? issue.message : `${path}: ${issue.message}`;
  });
}
