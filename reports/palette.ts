import type { ArmAnalysis } from '../lab/result.ts';

/** How one arm looks in every chart: never colour alone. */
export interface SeriesStyle {
  /** A CSS variable, e.g. `var(--blue)`. */
  colour: string;
  /** Lengths of dash and gap in px; empty for a solid line. */
  dash: number[];
  /** A Vega symbol. */
  marker: string;
  /** False for the second half of an A/A pair. */
  filled: boolean;
}

/**
 * Every colour of the report, for light (also print, SVG and PNG files) and dark screens.
 * Series: Okabe and Ito (2008), safe for the common kinds of colour blindness; no yellow, which
 * vanishes on white. Blue and vermilion are lifted on dark.
 */
const COLOURS = {
  paper: { light: '#ffffff', dark: '#15181c' },
  panel: { light: '#f5f6f8', dark: '#1e2228' },
  ink: { light: '#16191d', dark: '#eceff3' },
  soft: { light: '#4d5661', dark: '#b3bcc7' },
  grid: { light: '#e2e5e9', dark: '#333a43' },
  band: { light: '#dfe4ea', dark: '#333d49' },
  good: { light: '#006b4e', dark: '#4fd1a5' },
  bad: { light: '#a83f00', dark: '#ff9d5c' },
  grey: { light: '#76808c', dark: '#97a1ad' },
  orange: { light: '#e69f00', dark: '#e69f00' },
  sky: { light: '#56b4e9', dark: '#8fd0f5' },
  green: { light: '#009e73', dark: '#1fc196' },
  blue: { light: '#0072b2', dark: '#56b4e9' },
  vermilion: { light: '#d55e00', dark: '#ff8a3d' },
  purple: { light: '#cc79a7', dark: '#dd93bb' },
} as const;

type Hue = keyof typeof COLOURS;

/** CSS variable of a colour. */
export function colour(hue: Hue): string {
  return `var(--${hue})`;
}

/** Declarations for a `:root` rule: `--paper:#ffffff;…`. */
export function cssVariables(mode: 'light' | 'dark'): string {
  return Object.entries(COLOURS)
    .map(([name, value]) => `--${name}:${value[mode]};`)
    .join('');
}

/** Replaces every CSS variable by its light colour, for files that have no style sheet. */
export function resolveColours(svg: string): string {
  const light = new Map(Object.entries(COLOURS).map(([name, value]) => [name, value.light]));
  return svg.replaceAll(/var\(--([a-z]+)\)/g, (whole, name: string) => light.get(name) ?? whole);
}

const SOLID: number[] = [];
const DASHED = [6, 3];
const DOTTED = [2, 2];

function style(hue: Hue, dash: number[], marker: string): SeriesStyle {
  return { colour: colour(hue), dash, marker, filled: true };
}

/** One fixed look per preset of the server, the same in every report. */
export const POLICY_STYLES: Readonly<Record<string, SeriesStyle>> = {
  uncached: style('grey', SOLID, 'circle'),
  joined: style('orange', SOLID, 'square'),
  cached: style('blue', SOLID, 'triangle-up'),
  'short-ttl': style('sky', SOLID, 'diamond'),
  invalidated: style('vermilion', SOLID, 'diamond'),
  'event-driven': style('green', SOLID, 'triangle-down'),
  lock: style('purple', SOLID, 'square'),
  hardened: style('ink', SOLID, 'triangle-right'),
  'lock-naive': style('purple', DASHED, 'cross'),
  'single-flight': style('green', DASHED, 'diamond'),
  lease: style('orange', DASHED, 'triangle-up'),
  fence: style('blue', DASHED, 'square'),
  'double-delete': style('vermilion', DASHED, 'square'),
  swr: style('sky', DASHED, 'circle'),
  negative: style('grey', DASHED, 'square'),
  'lock+single-flight': style('purple', DOTTED, 'triangle-down'),
  outbox: style('green', DOTTED, 'circle'),
  'refresh-ahead': style('sky', DOTTED, 'triangle-up'),
  xfetch: style('orange', DOTTED, 'diamond'),
  bloom: style('grey', DOTTED, 'diamond'),
  jitter: style('blue', DOTTED, 'circle'),
  l1: style('vermilion', DOTTED, 'triangle-right'),
  'version-key': style('ink', DASHED, 'square'),
  static: style('ink', DOTTED, 'circle'),
};

/** For arms that share their policy with an earlier arm, and for policies that are not presets. */
const SPARE = ['orange', 'vermilion', 'green', 'purple', 'sky', 'blue', 'ink', 'grey'] as const;
const SPARE_MARKERS = ['square', 'diamond', 'triangle-down', 'cross', 'circle', 'triangle-up'];

/**
 * The look of each arm. The first arm of a policy has the policy's look; a `repeat` arm has it too,
 * dashed and hollow; further arms of the same policy take colours that are still free.
 */
export function armStyles(
  arms: readonly Pick<ArmAnalysis, 'arm' | 'policy' | 'role'>[],
): Map<string, SeriesStyle> {
  const styles = new Map<string, SeriesStyle>();
  const taken = new Set<string>();
  const later: string[] = [];
  for (const { arm, policy, role } of arms) {
    const own = POLICY_STYLES[policy];
    if (own !== undefined && role === 'repeat') {
      styles.set(arm, { ...own, dash: [4, 4], filled: false });
    } else if (own !== undefined && !taken.has(own.colour + own.dash.join())) {
      styles.set(arm, own);
      taken.add(own.colour + own.dash.join());
    } else {
      later.push(arm);
    }
  }
  for (const [index, arm] of later.entries()) {
    const free = SPARE.find((hue) => !taken.has(colour(hue)));
    const hue = free ?? SPARE[index % SPARE.length] ?? 'ink';
    taken.add(colour(hue)).add(colour(hue) + SOLID.join());
    const dash = free === undefined ? DASHED : SOLID;
    styles.set(arm, style(hue, dash, SPARE_MARKERS[index % SPARE_MARKERS.length] ?? 'circle'));
  }
  return styles;
}
