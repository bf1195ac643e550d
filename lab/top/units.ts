/** Shown where there is no number. */
export const NONE = '-';

const STEPS = ['', 'k', 'M', 'G', 'T'] as const;

/** At most 5 characters: `0`, `0.42`, `7.5`, `870`, `1085`, `12.3k`, `4.5M`. */
export function short(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  if (!Number.isFinite(value)) return 'inf';
  if (value >= 999.5 && value < 9999.5) return value.toFixed(0);
  let [step, left] = [0, value];
  while (left >= 999.5 && step < STEPS.length - 1) {
    left /= 1000;
    step += 1;
  }
  const digits = Number.isInteger(left) || left >= 99.95 ? 0 : left >= 0.995 ? 1 : 2;
  return `${left.toFixed(digits)}${STEPS[step]}`;
}

/** `980B`, `12.3M`, `1.5G`, in powers of 1024 as Redis says them. */
export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return NONE;
  const power = value < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(value) / 10));
  const left = value / 1024 ** power;
  return power === 0
    ? `${value}B`
    : `${left.toFixed(left < 100 ? 1 : 0)}${['', 'K', 'M', 'G', 'T'][power]}`;
}

/** A share from 0 to 1 in per cent, without the sign: `97.3`; 100 only for all. */
export function percent(share: number | null | undefined): string {
  if (share === null || share === undefined) return NONE;
  return share === 1 ? '100' : Math.min(99.9, share * 100).toFixed(1);
}

/** A ratio with two digits after the point. */
export function ratio(value: number | null | undefined): string {
  return value === null || value === undefined ? NONE : value.toFixed(2);
}

/** `42s`, `17m`, `5h`, `3d`. */
export function age(seconds: number | null | undefined): string {
  if (seconds === null || seconds === undefined) return NONE;
  if (seconds < 120) return `${Math.round(seconds)}s`;
  if (seconds < 7200) return `${Math.floor(seconds / 60)}m`;
  return seconds < 172_800 ? `${Math.floor(seconds / 3600)}h` : `${Math.floor(seconds / 86_400)}d`;
}
