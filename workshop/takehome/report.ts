import type { Session } from './session.ts';

/**
 * The take-home: one HTML file about one session, without script, network or anything outside itself; below 500 KB.
 * @param lang - Language of the words around the numbers.
 */
export async function sessionReport(session: Session, lang: 'en' | 'zh' = 'en'): Promise<string> {
  return Promise.resolve(`${session.openedAtMs} ${lang}`);
}
