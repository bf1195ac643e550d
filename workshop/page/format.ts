/** Three digits at most: 0.42, 8.7, 114, 1,240. */
export function formatNumber(value: number): string {
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size >= 100) return grouped(Math.round(value));
  const digits = size >= 10 ? 1 : size >= 0.1 ? 2 : 3;
  return String(Number(value.toFixed(digits)));
}

/** `0.42 ms`, `987 ms`, `1.14 s`, `12 min`, `3 h`; null is a dash. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return '–';
  if (ms < 999.5) return `${formatNumber(ms < 10 ? ms : Math.round(ms))} ms`;
  if (ms < 99_950) return `${formatNumber(ms / 1000)} s`;
  if (ms < 7_200_000) return `${Math.round(ms / 60_000)} min`;
  return `${formatNumber(ms / 3_600_000)} h`;
}

/** A share from 0 to 1 as `97 %`; `99.9 %` where rounding would say 100 of less than all. */
export function formatShare(share: number | null): string {
  if (share === null) return '–';
  const percent = 100 * share;
  if (percent > 99 && percent < 100) return `${Math.floor(percent * 10) / 10} %`;
  if (percent > 0 && percent < 1) return `${Math.ceil(percent * 10) / 10} %`;
  return `${Math.round(percent)} %`;
}

/** Time of day with seconds, in the reader's time zone. */
export function formatClock(ms: number): string {
  const date = new Date(ms);
  return [date.getHours(), date.getMinutes(), date.getSeconds()]
    .map((part) => String(part).padStart(2, '0'))
    .join(':');
}

function grouped(whole: number): string {
  return String(whole).replace(/\B(?=(\d{3})+$)/g, ',');
}
