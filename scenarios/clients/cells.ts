/** Callers that ask at the same time. */
export const CALLERS = [1, 10, 50, 200] as const;
/** Round trips that a link adds to loopback's own, in ms. */
export const ROUND_TRIPS_MS = [0, 1] as const;
/** The wait of the service's one question: a SELECT of the story takes 5 to 10 ms. */
export const SERVICE_WAIT_MS = 10;
/** With 200 of them, a service that blocks would answer each once in 2 s. */
export const SERVICE_CALLERS = [1, 10, 50] as const;

/** Where a figure is found among a trial's samples. */
export function cellName(figure: string, ...place: readonly (string | number)[]): string {
  return [figure, ...place].join('/');
}

/** @returns The samples of a cell; empty where the arm has none. */
export function cellOf(
  samples: Readonly<Record<string, number[]>> | undefined,
  figure: string,
  ...place: readonly (string | number)[]
): number[] {
  return samples?.[cellName(figure, ...place)] ?? [];
}
