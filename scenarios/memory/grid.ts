/** Limits up to which a Hash is kept as a listpack. */
interface Limits {
  /** `hash-max-listpack-entries` */
  entries: number;
  /** `hash-max-listpack-value` */
  valueBytes: number;
}

/** Hashes of one size, and the Strings that hold the same. */
export interface Shape {
  fields: number;
  valueBytes: number;
  /** Length of a Hash's key. */
  keyBytes: number;
  /** Length of a field's name. */
  fieldBytes: number;
  /** Length of the key of a String that stands for a field. */
  stringKeyBytes: number;
  limits: Limits;
}

/** Cells of one line of the chart. */
export interface Line {
  name: 'fields' | 'values' | 'fields-raised' | 'values-raised';
  shapes: readonly Shape[];
}

/** Fields of all Hashes of a cell together: a power of two, so that the table of as many Strings is just full. */
export const FIELDS_PER_CELL = 8192;

/** What redis.conf ships with; a server started without a file has 512 entries. */
const SHIPPED: Limits = { entries: 128, valueBytes: 64 };
const RAISED: Limits = { entries: 1024, valueBytes: 1024 };

/** Fields a Hash where value sizes vary, and bytes a value where numbers of fields do. */
const USUAL = { fields: 16, valueBytes: 16 };

export const hashKey = (hash: number): string => `store:${String(hash).padStart(5, '0')}`;
export const fieldName = (field: number): string => `field-${String(field).padStart(4, '0')}`;
export const stringKey = (hash: number, field: number): string =>
  `${hashKey(hash)}:${fieldName(field)}`;

function shape(fields: number, valueBytes: number, limits: Limits): Shape {
  return {
    ...{ fields, valueBytes, limits },
    ...{ keyBytes: hashKey(0).length, fieldBytes: fieldName(0).length },
    stringKeyBytes: stringKey(0, 0).length,
  };
}

const ofFields = (limits: Limits, counts: readonly number[]): Shape[] =>
  counts.map((fields) => shape(fields, USUAL.valueBytes, limits));
const ofValues = (limits: Limits, sizes: readonly number[]): Shape[] =>
  sizes.map((valueBytes) => shape(USUAL.fields, valueBytes, limits));

/** The curve around the listpack's limits, and what raised limits make of it. */
export const LINES: readonly Line[] = [
  {
    name: 'fields',
    shapes: ofFields(SHIPPED, [1, 2, 4, 8, 16, 32, 64, 96, 128, 129, 192, 256, 512, 1024]),
  },
  { name: 'fields-raised', shapes: ofFields(RAISED, [129, 192, 256, 512, 1024]) },
  { name: 'values', shapes: ofValues(SHIPPED, [4, 8, 16, 32, 44, 45, 64, 65, 96, 128, 256, 512]) },
  { name: 'values-raised', shapes: ofValues(RAISED, [65, 96, 128, 256, 512]) },
];

/** What a line is drawn against. */
export function placeOf({ name }: Line, { fields, valueBytes }: Shape): number {
  return name.startsWith('fields') ? fields : valueBytes;
}

/** Stem of a cell's samples. */
export function cellName(line: Line, one: Shape): string {
  return `${line.name}/${placeOf(line, one)}`;
}

/** Whether both limits allow a listpack. */
export function isPacked({ fields, fieldBytes, valueBytes, limits }: Shape): boolean {
  return fields <= limits.entries && Math.max(fieldBytes, valueBytes) <= limits.valueBytes;
}
