/**
 * Makes Vega's SVG lighter without a visible change: groups that do nothing go, marks of one look become one path, paths
 * are written in relative steps without points that nobody sees, and what all children of a group share stands on the group.
 * A report of a whole suite holds some 200 drawings; without this it weighs several megabytes.
 */

interface Node {
  tag: string;
  attributes: Map<string, string>;
  children: (Node | string)[];
  /** Of a path that was understood; its `d` is written from them. */
  steps?: readonly Step[];
}

/** Attributes that children inherit, so that they may stand on the group. */
const INHERITED = [
  ...['fill', 'fill-opacity', 'stroke', 'stroke-width', 'stroke-dasharray', 'stroke-opacity'],
  ...['font-size', 'font-weight', 'font-style', 'text-anchor'],
];

/** What an attribute means when it is absent; inherited ones are taken away before anything is hoisted. */
const DEFAULTS: Readonly<Record<string, string>> = {
  'fill-opacity': '1',
  'stroke-opacity': '1',
  'stroke-width': '1',
  'stroke-dasharray': '',
  'font-weight': 'normal',
  'text-anchor': 'start',
};

/**
 * @param svg - As Vega writes it, with numbers of at most one decimal. Text that is not understood stays as it is.
 * @param idPrefix - Begins the ids of groups that are drawn more than once.
 */
export function lighter(svg: string, idPrefix: string): string {
  const root = parse(svg);
  if (root === null) return svg;
  for (const child of root.children) if (typeof child !== 'string') strip(child);
  root.children = root.children.flatMap(simplified);
  for (const child of root.children) if (typeof child !== 'string') hoist(child);
  shareRepeated(root, idPrefix);
  return written(root);
}

const TOKEN = /<(\/?)([a-zA-Z]+)((?:\s+[\w:-]+="[^"]*")*)\s*(\/?)>|([^<]+)/g;

/** Null where there is anything but elements and text. */
function parse(svg: string): Node | null {
  const top: Node = { tag: '', attributes: new Map(), children: [] };
  const open = [top];
  let end = 0;
  for (const match of svg.matchAll(TOKEN)) {
    if (match.index !== end) return null;
    end += match[0].length;
    const [, closing, tag = '', attributes = '', empty, text] = match;
    const parent = open.at(-1);
    if (parent === undefined) return null;
    if (text !== undefined) {
      parent.children.push(text);
    } else if (closing === '/') {
      if (open.pop()?.tag !== tag) return null;
    } else {
      const pairs = attributes.matchAll(/([\w:-]+)="([^"]*)"/g);
      const node: Node = {
        tag,
        attributes: new Map([...pairs].map(([, name = '', value = '']) => [name, value])),
        children: [],
      };
      parent.children.push(node);
      if (empty !== '/') open.push(node);
    }
  }
  const [root] = top.children;
  const whole = end === svg.length && open.length === 1 && top.children.length === 1;
  return whole && typeof root === 'object' ? root : null;
}

function strip(node: Node): void {
  for (const [name, value] of Object.entries(DEFAULTS)) {
    if (node.attributes.get(name) === value) node.attributes.delete(name);
  }
  const { attributes } = node;
  if (attributes.get('transform') === 'translate(0,0)') attributes.delete('transform');
  // Vega gives each mark its own fill and stroke, and the drawing as a whole none.
  if (attributes.get('fill-opacity') === '0') attributes.delete('fill');
  if (!attributes.has('fill')) attributes.delete('fill-opacity');
  if (node.tag !== 'g' && !attributes.has('stroke')) {
    for (const name of ['stroke-width', 'stroke-dasharray', 'stroke-opacity']) {
      attributes.delete(name);
    }
  }
  for (const child of node.children) if (typeof child !== 'string') strip(child);
}

type Place = readonly [x: number, y: number];

/** Of `translate(3,4)` alone; null for any other transform. */
function translation(node: Node): Place | null {
  const transform = node.attributes.get('transform');
  if (transform === undefined) return [0, 0];
  const [, x, y] = /^translate\((-?[\d.]+),(-?[\d.]+)\)$/.exec(transform) ?? [];
  return x === undefined || y === undefined ? null : [Number(x), Number(y)];
}

function simplified(node: Node | string): (Node | string)[] {
  if (typeof node === 'string') return [node];
  if (node.attributes.get('opacity') === '0') return []; // a label that would overlap its neighbour
  if (node.tag === 'g') return group(node);
  if (node.tag === 'text') return [placedText(node)];
  if (node.tag === 'line' || node.tag === 'path') return [placedPath(node)];
  return [node];
}

function group(node: Node): (Node | string)[] {
  const children = gathered(joined(node.children.flatMap(simplified)));
  if (children.length === 0) return [];
  if (node.attributes.size === 0) return children;
  const [only] = children;
  if (children.length === 1 && typeof only === 'object' && only.tag === 'g') {
    const [outer, inner] = [translation(node), translation(only)];
    const own = [...node.attributes.keys()];
    if (outer !== null && inner !== null && own.every((name) => mayFold(name))) {
      const attributes = new Map([...node.attributes, ...only.attributes]);
      moveTo(attributes, [outer[0] + inner[0], outer[1] + inner[1]]);
      return [{ ...only, attributes }];
    }
  }
  return [{ ...node, children }];
}

/** Whether an attribute of a group means the same on its only child. */
const mayFold = (name: string): boolean =>
  name === 'transform' || name === 'stroke-miterlimit' || INHERITED.includes(name);

function moveTo(attributes: Map<string, string>, [x, y]: Place): void {
  attributes.delete('transform');
  if (x !== 0 || y !== 0) attributes.set('transform', `translate(${tenths(x)},${tenths(y)})`);
}

const tenths = (value: number): number => Math.round(value * 10) / 10;

/** `x` and `y` are shorter than a transform. */
function placedText(node: Node): Node {
  const place = translation(node);
  if (place === null || node.attributes.has('x') || node.attributes.has('y')) return node;
  const attributes = new Map(node.attributes);
  attributes.delete('transform');
  const names = ['x', 'y'] as const;
  for (const [at, name] of names.entries()) {
    if (place[at] !== 0) attributes.set(name, String(place[at]));
  }
  return { ...node, attributes };
}

function placedPath(node: Node): Node {
  const place = translation(node);
  const { attributes } = node;
  const d =
    node.tag === 'path'
      ? attributes.get('d')
      : `M0,0L${attributes.get('x2') ?? 0},${attributes.get('y2') ?? 0}`;
  const steps = d === undefined || place === null ? null : readPath(d, place);
  if (steps === null) return node;
  const kept = [...attributes].filter(([name]) => !['transform', 'd', 'x2', 'y2'].includes(name));
  return { tag: 'path', attributes: new Map(kept), children: [], steps: thinned(steps) };
}

/** Neighbours of one look as one path. Marks that overlap are then drawn once, not twice: no visible change. */
function joined(nodes: readonly (Node | string)[]): (Node | string)[] {
  const result: (Node | string)[] = [];
  for (const node of nodes) {
    const last = result.at(-1);
    const together =
      typeof node === 'object' && typeof last === 'object' && node.steps && last.steps;
    if (together && lookOf(node) === lookOf(last)) {
      result[result.length - 1] = { ...last, steps: [...last.steps!, ...node.steps!] };
    } else {
      result.push(node);
    }
  }
  return result;
}

/** Everything but the place of a mark. */
function lookOf({ attributes }: Node): string {
  return [...attributes].filter(([name]) => name !== 'x' && name !== 'y').join(';');
}

/** Neighbouring texts of one look in a group that says it once. */
function gathered(nodes: readonly (Node | string)[]): (Node | string)[] {
  const isText = (node: Node | string | undefined): node is Node =>
    typeof node === 'object' && node.tag === 'text';
  const result: (Node | string)[] = [];
  for (let from = 0, to = 0; from < nodes.length; from = to) {
    const first = nodes[from]!;
    to = from + 1;
    if (isText(first)) {
      for (let next = nodes[to]; isText(next) && lookOf(next) === lookOf(first); ) {
        to += 1;
        next = nodes[to];
      }
    }
    const run = nodes.slice(from, to);
    const alone = run.length < 2 || run.length === nodes.length;
    if (alone) result.push(...run);
    else result.push({ tag: 'g', attributes: new Map(), children: run });
  }
  return result;
}

/** Moves what all children say alike to their group. */
function hoist(node: Node): void {
  const children = node.children.filter((child) => typeof child === 'object');
  for (const child of children) hoist(child);
  if (node.tag !== 'g' || children.length < 2 || children.length < node.children.length) return;
  for (const name of INHERITED) {
    const value = children[0]?.attributes.get(name);
    if (value === undefined || children.some((child) => child.attributes.get(name) !== value)) {
      continue;
    }
    for (const child of children) child.attributes.delete(name);
    node.attributes.set(name, value);
  }
}

/** A group is worth an id of its own from this length. */
const SHARED_FROM_BYTES = 120;

/** Groups that are drawn again elsewhere, as the axes of small multiples are, refer to the first of them. */
function shareRepeated(root: Node, idPrefix: string): void {
  const first = new Map<string, { node: Node; id: string | null }>();
  let ids = 0;
  const visit = (node: Node): void => {
    for (const child of node.children) {
      if (typeof child === 'string' || child.tag !== 'g') continue;
      const content = written({
        ...child,
        attributes: new Map([...child.attributes].filter(([name]) => name !== 'transform')),
      });
      const known = first.get(content);
      if (
        content.length < SHARED_FROM_BYTES ||
        content.includes('clip-path') ||
        content.includes(' id=')
      ) {
        visit(child);
      } else if (known === undefined) {
        first.set(content, { node: child, id: null });
        visit(child);
      } else {
        if (known.id === null) {
          ids += 1;
          known.id = `${idPrefix}-u${ids}`;
          const inner = { ...known.node, attributes: new Map(known.node.attributes) };
          inner.attributes.delete('transform');
          inner.attributes.set('id', known.id);
          const transform = known.node.attributes.get('transform');
          known.node.attributes = new Map(
            transform === undefined ? [] : [['transform', transform]],
          );
          known.node.children = [inner];
        }
        const transform = child.attributes.get('transform');
        child.tag = 'use';
        child.attributes = new Map([['href', `#${known.id}`]]);
        if (transform !== undefined) child.attributes.set('transform', transform);
        child.children = [];
      }
    }
  };
  visit(root);
}

function written({ tag, attributes, children, steps }: Node): string {
  const shape = steps === undefined ? '' : ` d="${writePath(steps)}"`;
  const pairs = [...attributes].map(([name, value]) => ` ${name}="${value}"`).join('');
  if (children.length === 0) return `<${tag}${shape}${pairs}/>`;
  const inner = children.map((child) => (typeof child === 'string' ? child : written(child)));
  return `<${tag}${shape}${pairs}>${inner.join('')}</${tag}>`;
}

interface Corner {
  kind: 'M' | 'L';
  x: number;
  y: number;
}

/** One step of a path; coordinates are absolute, in tenths of a px, so that relative steps do not add up errors. */
type Step =
  | Corner
  | { kind: 'A'; x: number; y: number; shape: string }
  | { kind: 'C'; x: number; y: number; controls: [number, number, number, number] }
  | { kind: 'Z' };

const ARGUMENTS: Readonly<Record<string, number>> = { M: 2, L: 2, H: 1, V: 1, A: 7, C: 6, Z: 0 };

/** Null for commands that Vega's marks do not use. */
function readPath(d: string, [moveX, moveY]: Place): Step[] | null {
  const steps: Step[] = [];
  const [baseX, baseY] = [Math.round(moveX * 10), Math.round(moveY * 10)];
  let [x, y, startX, startY] = [baseX, baseY, baseX, baseY];
  for (const [, command = '', text = ''] of d.matchAll(/([A-Za-z])([^A-Za-z]*)/g)) {
    const kind = command.toUpperCase();
    const relative = command !== kind;
    const values = (text.match(/-?\d*\.?\d+(?:e-?\d+)?/g) ?? []).map(Number);
    const count = ARGUMENTS[kind];
    if (count === undefined || (count > 0 && values.length !== count)) return null;
    const atX = (value = 0): number => Math.round(value * 10) + (relative ? x : baseX);
    const atY = (value = 0): number => Math.round(value * 10) + (relative ? y : baseY);
    if (kind === 'Z') {
      steps.push({ kind });
      [x, y] = [startX, startY];
      continue;
    }
    const controls: [number, number, number, number] = [
      ...([atX(values[0]), atY(values[1])] as const),
      ...([atX(values[2]), atY(values[3])] as const),
    ];
    const nextX = kind === 'V' ? x : atX(values[Math.max(0, count - (kind === 'H' ? 1 : 2))]);
    const nextY = kind === 'H' ? y : atY(values[count - 1]);
    [x, y] = [nextX, nextY];
    if (kind === 'M') [startX, startY] = [x, y];
    if (kind === 'A') steps.push({ kind, x, y, shape: values.slice(0, 5).join(' ') });
    else if (kind === 'C') steps.push({ kind, x, y, controls });
    else steps.push({ kind: kind === 'M' ? 'M' : 'L', x, y });
  }
  return steps;
}

/** Lines of more points lose those that lie within this many tenths of a px of the line without them. */
const THIN_FROM_POINTS = 30;
const TOLERANCE_TENTHS = 4;

/** Ramer, Douglas and Peucker, for one unbroken line. */
function thinned(steps: Step[]): Step[] {
  const points = steps.filter((step): step is Corner => step.kind === 'L' || step.kind === 'M');
  if (points.length < steps.length || points.length < THIN_FROM_POINTS) return steps;
  if (points.slice(1).some(({ kind }) => kind === 'M')) return steps;
  const keep = new Set([0, points.length - 1]);
  const stretches: [number, number][] = [[0, points.length - 1]];
  for (let next = stretches.pop(); next !== undefined; next = stretches.pop()) {
    const [from, to] = next;
    let [far, distance] = [-1, TOLERANCE_TENTHS];
    for (let at = from + 1; at < to; at += 1) {
      const away = distanceToLine(points[at]!, points[from]!, points[to]!);
      if (away > distance) [far, distance] = [at, away];
    }
    if (far < 0) continue;
    keep.add(far);
    stretches.push([from, far], [far, to]);
  }
  return points.filter((_, at) => keep.has(at));
}

/** Distance of a point to the line between two others, ends included. */
function distanceToLine(point: Corner, from: Corner, to: Corner): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length = dx * dx + dy * dy;
  const along = length === 0 ? 0 : ((point.x - from.x) * dx + (point.y - from.y) * dy) / length;
  const share = Math.min(1, Math.max(0, along));
  return Math.hypot(point.x - from.x - share * dx, point.y - from.y - share * dy);
}

function writePath(steps: readonly Step[]): string {
  let [x, y, startX, startY] = [0, 0, 0, 0];
  let d = '';
  for (const step of steps) {
    if (step.kind === 'Z') {
      d += 'z';
      [x, y] = [startX, startY];
      continue;
    }
    const [dx, dy] = [step.x - x, step.y - y];
    if (step.kind === 'M') {
      const [absolute, relative] = [`M${numbers(step.x, step.y)}`, `m${numbers(dx, dy)}`];
      d += d !== '' && relative.length < absolute.length ? relative : absolute;
    } else if (step.kind === 'A') d += `a${step.shape} ${numbers(dx, dy)}`;
    else if (step.kind === 'C') {
      const [x1, y1, x2, y2] = step.controls;
      d += `c${numbers(x1 - x, y1 - y, x2 - x, y2 - y, dx, dy)}`;
    } else if (dy === 0) d += dx === 0 ? '' : `h${numbers(dx)}`;
    else d += dx === 0 ? `v${numbers(dy)}` : `l${numbers(dx, dy)}`;
    [x, y] = [step.x, step.y];
    if (step.kind === 'M') [startX, startY] = [x, y];
  }
  return d;
}

/** Tenths of a px as text: `12.5-.3`, a minus needs no separator. */
function numbers(...values: number[]): string {
  return values
    .map((value) => String(value / 10).replace(/^(-?)0\./, '$1.'))
    .reduce((text, next) => (next.startsWith('-') ? `${text}${next}` : `${text} ${next}`));
}
