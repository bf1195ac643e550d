import type { Refusal } from '../contract.ts';

/**
 * A request that is turned away: one sentence with the value, the allowed range and what to do. `status`: 400 where the request
 * itself is wrong, 409 where it makes no sense in the present state, 429 where there were too many.
 */
export class RefusalError extends Error implements Refusal {
  readonly error: string;
  readonly about: string | null;
  readonly status: 400 | 409 | 429;

  constructor(error: string, about: string | null = null, status: 400 | 409 | 429 = 400) {
    super(error);
    this.name = 'RefusalError';
    this.error = error;
    this.about = about;
    this.status = status;
  }
}
