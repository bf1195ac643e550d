/** One server-sent event; `event` is `message` where the server names none. */
export interface StreamEvent {
  event: string;
  data: string;
}

/**
 * Server-sent events out of a byte stream, as the standard reads them (WHATWG HTML, 9.2.6), without the parts that a program
 * beside the page has no use for: ids and the time to reconnect.
 */
export async function* readEvents(
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<StreamEvent, void, void> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const chunk of bytes) {
    text += decoder.decode(chunk, { stream: true });
    // A chunk may end anywhere, also between the two line feeds that end an event.
    const blocks = text.split(/\r?\n\r?\n/);
    text = blocks.pop() ?? '';
    for (const block of blocks) {
      const event = parse(block);
      if (event !== null) yield event;
    }
  }
}

/** Null for a comment, which only keeps the connection awake, and for what carries no data. */
function parse(block: string): StreamEvent | null {
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split(/\r?\n/)) {
    const [, field, value = ''] = /^(\w+)(?:: ?(.*))?$/.exec(line) ?? [];
    if (field === 'event') event = value;
    if (field === 'data') data.push(value);
  }
  return data.length === 0 ? null : { event, data: data.join('\n') };
}
