/** Markup that is safe to send. Everything else is text, and escaped when it meets a template. */
export class Html {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A template that escapes every value, save those that are `Html` already. */
export function html(
  strings: TemplateStringsArray,
  ...values: readonly (string | number | Html)[]
): Html {
  let text = strings[0] ?? '';
  for (const [index, value] of values.entries()) {
    text += value instanceof Html ? value.text : escapeHtml(String(value));
    text += strings[index + 1] ?? '';
  }
  return new Html(text);
}

/** Text of our own that is markup already. Never for anything out of a database or a request. */
export function raw(text: string): Html {
  return new Html(text);
}

/** Pieces one after the other. */
export function joined(pieces: readonly Html[]): Html {
  return new Html(pieces.map((piece) => piece.text).join(''));
}

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? character);
}
