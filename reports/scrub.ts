/**
 * Text that a report may show: error messages can hold paths and host names of the machine that ran
 * the lab, and a report is made to be shared.
 */

/** Folders that absolute paths of the usual systems start with. URL paths are left alone. */
const ABSOLUTE_PATH =
  /(?<![\w/.:-])(?:\/(?:home|root|Users|tmp|var|opt|private|mnt|srv|usr|work|workspace|builds|etc|data|app)\b|[A-Za-z]:\\)[^\s"'`,;:)\]]*/g;

/**
 * A copy of plain JSON with every absolute path cut to its last part (`…/k6`) and every given name
 * replaced.
 * @param names - Host names. Plain words are left alone: a host called `redis` is no secret, and
 * replacing its name would spoil the text.
 */
export function scrub<T>(value: T, names: readonly string[]): T {
  const hosts = names.filter(
    (name) => name.length >= 4 && name !== 'localhost' && /[\d.-]/.test(name),
  );
  const clean = (text: string) => {
    let result = text.replaceAll(
      ABSOLUTE_PATH,
      (path) => `…/${path.split(/[\\/]/).findLast((part) => part !== '') ?? ''}`,
    );
    for (const host of hosts) {
      const name = host.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
      result = result.replaceAll(new RegExp(`(?<![\\w-])${name}(?![\\w-])`, 'g'), 'this-host');
    }
    return result;
  };
  return JSON.parse(JSON.stringify(value), (_, item: unknown) =>
    typeof item === 'string' ? clean(item) : item,
  );
}
