/**
 * What theory says of the stale-set race where one load at a time is made (single-flight, a lock) and an edit deletes the
 * copy: an edit that falls into a load finds nothing to delete, and the load then keeps a page that lacks it.
 *
 * A cycle: an edit deletes the copy, the next reader begins a load (after 1/λ on average), the load takes Δ. It is stale
 * if at least one edit falls into it: 1 - e^(-uΔ). On average 1 + u(Δ + 1/λ) edits belong to a cycle; a copy is counted if
 * a reader meets it before the next edit: λ / (λ + u). Pages are snapshots: a load shows nothing that was committed after
 * it began. Where each statement sees its own moment, an edit is missed only if its row was read already: about half.
 * @param rates - Edits and reads per second, both Poisson; Δ in seconds.
 * @returns Stale sets per edit.
 */
export function staleSetsPerEdit(rates: {
  editsPerSecond: number;
  readsPerSecond: number;
  loadSeconds: number;
}): number {
  const { editsPerSecond: edits, readsPerSecond: reads, loadSeconds } = rates;
  const overtaken = -Math.expm1(-edits * loadSeconds);
  return (overtaken / (1 + edits * (loadSeconds + 1 / reads))) * (reads / (reads + edits));
}
