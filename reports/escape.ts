/** Text safe inside HTML and XML, as content and as a quoted attribute. */
export function escapeXml(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}

/** Binds a number to its unit and an interval to itself, so that no line breaks inside them. */
export function keepUnits(text: string): string {
  return text
    .replaceAll(/(\d) (?=(?:%|ms|µs|s)(?![a-zµ]))/g, '$1\u00a0')
    .replaceAll(/\[[^\]]{1,40}\]/g, (interval) => interval.replaceAll(' ', '\u00a0'));
}
