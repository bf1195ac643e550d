import type { RoomState, Sample, ServiceState } from '../contract.ts';
import { byId, put, svg } from './dom.ts';
import { formatNumber } from './format.ts';
import { word } from './language.ts';
import type { Store } from './store.ts';

type NodeName = keyof RoomState['services'];

/** Places as shares of the drawing, so that it fits a phone as well; `pill`: a small one that lies on an edge. */
const NODES: readonly { name: NodeName; title: string; x: number; y: number; pill?: true }[] = [
  { name: 'load', title: 'k6', x: 0.1, y: 0.32 },
  { name: 'app', title: 'app × 2', x: 0.45, y: 0.32 },
  { name: 'redis', title: 'Redis', x: 0.87, y: 0.2 },
  { name: 'postgres', title: 'Postgres', x: 0.87, y: 0.8 },
  { name: 'listener', title: 'listener', x: 0.87, y: 0.5, pill: true },
];

/** Sign of a state beside its word and its form: no state is told by colour alone. */
const SIGNS: Readonly<Record<ServiceState, string>> = {
  up: '●',
  down: '✕',
  frozen: '❄',
  starting: '…',
  unused: '○',
};

type EdgeName = 'requests' | 'commands' | 'selects';

/** What flowed along each edge in the last second, per second. */
function flows(samples: readonly Sample[]): Record<EdgeName, number | null> {
  const newest = samples.at(-1);
  const last = samples.filter(({ atMs }) => newest !== undefined && atMs > newest.atMs - 1000);
  const seconds = last.reduce((sum, { spanMs }) => sum + spanMs, 0) / 1000;
  if (newest === undefined || seconds === 0)
    return { requests: null, commands: null, selects: null };
  const mean = (of: (sample: Sample) => number): number =>
    last.reduce((sum, sample) => sum + of(sample) * sample.spanMs, 0) / (1000 * seconds);
  return {
    requests: last.reduce((sum, { requests }) => sum + requests, 0) / seconds,
    commands: newest.redis === null ? null : mean(({ redis }) => redis?.commandsPerSecond ?? 0),
    selects: mean(({ selectsPerSecond }) => selectsPerSecond),
  };
}

/** Visitors, app, Redis and Postgres, and how many messages a second go between them: counted, not acted. */
class Diagram {
  readonly #store: Store;
  readonly #place: HTMLElement;
  #drawnMs = 0;
  #narrow = false;
  #edges = new Map<EdgeName, { line: SVGElement; count: SVGElement }>();
  #states = new Map<NodeName, { group: SVGElement; state: SVGElement }>();

  constructor(store: Store) {
    this.#store = store;
    this.#place = byId('diagram', HTMLElement);
    store.on('state', () => this.#showStates());
    store.on('connection', () => this.#showStates());
    store.on('language', () => this.#build());
    store.on('sample', ({ atMs }) => {
      // Figures that change four times a second cannot be read.
      if (Math.abs(atMs - this.#drawnMs) < 900 || document.hidden) return;
      this.#drawnMs = atMs;
      this.#showFlows();
    });
    new ResizeObserver(() => this.#build()).observe(this.#place);
    this.#build();
  }

  #build(): void {
    const { clientWidth: width, clientHeight: height } = this.#place;
    if (width === 0 || height === 0) return;
    const em = Number.parseFloat(getComputedStyle(this.#place).fontSize);
    const drawing = svg('svg', { viewBox: `0 0 ${width} ${height}`, 'aria-hidden': 'true' });
    const at = (name: NodeName): { x: number; y: number } => {
      const node = NODES.find((candidate) => candidate.name === name);
      return { x: (node?.x ?? 0) * width, y: (node?.y ?? 0) * height };
    };
    const narrow = width < 34 * em;
    this.#narrow = narrow;
    const share = narrow ? 0.2 : 0.25;
    this.#edges.clear();
    const edge = (name: EdgeName | null, from: NodeName, to: NodeName, unit: string): void => {
      const [a, b] = [at(from), at(to)];
      const line = svg('line', { class: 'edge', x1: a.x, y1: a.y, x2: b.x, y2: b.y });
      drawing.append(line);
      if (name === null) return;
      const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
      // Beside the line: above one that goes up, below one that goes down. Where it is narrow the unit stands below the figure.
      const below = b.y > a.y;
      const count = svg('tspan', { class: 'count' });
      const y = middle.y + (below ? 1.5 * em : -(narrow && b.y < a.y ? 1.3 : 0.55) * em);
      const text = svg(
        'text',
        { x: middle.x, y, 'text-anchor': 'middle' },
        count,
        svg(
          'tspan',
          narrow ? { class: 'per', x: middle.x, dy: '1.25em' } : { class: 'per', dx: '0.3em' },
          unit,
        ),
      );
      drawing.append(text);
      this.#edges.set(name, { line, count });
    };
    edge('requests', 'load', 'app', word('perSecondGet'));
    edge('commands', 'app', 'redis', word('perSecondCommands'));
    edge('selects', 'app', 'postgres', word('perSecondSelects'));
    edge(null, 'postgres', 'redis', '');
    this.#states.clear();
    for (const { name, title, pill } of NODES) {
      const { x, y } = at(name);
      const state = svg('tspan', { class: 'state' });
      const group = svg('g');
      if (pill === true) {
        const [wide, tall] = narrow ? [share * width, 2.5 * em] : [9.5 * em, 1.5 * em];
        group.append(boxAround({ x, y }, wide, tall, tall / 2));
        const text = { x, 'text-anchor': 'middle', class: 'small' };
        if (narrow) group.append(svg('text', { ...text, y: y - 0.2 * em }, word('listener')));
        group.append(svg('text', { ...text, y: y + (narrow ? 0.85 : 0.33) * em }, state));
      } else {
        const [wide, tall] = [Math.min(8.5 * em, share * width), 2.9 * em];
        group.append(
          boxAround({ x, y }, wide, tall, 0.4 * em),
          svg('text', { x, y: y - 0.2 * em, 'text-anchor': 'middle', class: 'title' }, title),
          svg('text', { x, y: y + 1.05 * em, 'text-anchor': 'middle', class: 'small' }, state),
        );
      }
      drawing.append(group);
      this.#states.set(name, { group, state });
    }
    this.#place.replaceChildren(drawing);
    this.#showStates();
    this.#showFlows();
  }

  #showStates(): void {
    const { state, connection } = this.#store;
    if (state === null) return;
    const told: string[] = [];
    for (const { name, title } of NODES) {
      const now = state.services[name];
      const shown = this.#states.get(name);
      if (shown === undefined) continue;
      shown.group.setAttribute('class', `node ${connection === 'lost' ? 'unknown' : now}`);
      const named = name === 'listener' ? word('listener') : title;
      const text = word(`service ${now}`);
      // On the pill the name stands before the state, unless it has a line of its own.
      const inLine = name === 'listener' && !this.#narrow;
      put(shown.state, `${SIGNS[now]} ${inLine ? `${named}: ${text}` : text}`);
      told.push(`${named}: ${text}`);
    }
    const circuit = word(`circuit ${state.circuit}`);
    put(byId('circuit', HTMLElement), circuit);
    put(byId('diagram-says', HTMLElement), `${told.join(', ')}. ${circuit}`);
    const { redis } = state.services;
    this.#edges
      .get('commands')
      ?.line.setAttribute('class', `edge ${redis === 'up' ? '' : 'broken'}`);
  }

  #showFlows(): void {
    const now = flows(this.#store.samples);
    for (const [name, { line, count }] of this.#edges) {
      const perSecond = now[name];
      put(count, perSecond === null ? '–' : formatNumber(Math.round(perSecond)));
      // Thickness by decades: 0, up to 10, up to 100, more.
      const level =
        perSecond === null || perSecond < 0.5
          ? 0
          : 1 + Math.floor(Math.log10(Math.max(1, perSecond)));
      line.style.strokeWidth = `${1 + Math.min(4, level) * 1.2}px`;
    }
    const redis = this.#store.samples.at(-1)?.redis;
    put(
      byId('redis-figures', HTMLElement),
      redis === null || redis === undefined
        ? word('redisNoAnswer')
        : word('redisFigures', {
            used: formatNumber(redis.usedMb),
            keys: redis.keys,
            evicted: formatNumber(Math.round(redis.evictedPerSecond)),
          }),
    );
  }
}

/** Draws the diagram from now on. */
export function drawDiagram(store: Store): void {
  void new Diagram(store);
}

/** A box with rounded corners around its middle. */
function boxAround(
  { x, y }: { x: number; y: number },
  width: number,
  height: number,
  rx: number,
): SVGRectElement {
  return svg('rect', { x: x - width / 2, y: y - height / 2, width, height, rx });
}
