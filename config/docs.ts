/** docs/config.md, from the schemas themselves: keys, types and ranges cannot be other than what the loaders accept. `node scripts/config-docs.mjs` writes it. */
import { ASSETS } from '#trading/model/instrument.ts';
import { z } from 'zod';
import { budgetsFile } from './budgets.ts';
import { ENVIRONMENT } from './environment.ts';
import { marketsFile } from './markets.ts';

/** The part of JSON Schema that our schemas become, and our own `low`, `high` and `whole` of numbers written as text. */
interface Schema {
  readonly description?: string;
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minLength?: number;
  readonly low?: number;
  readonly high?: number;
  readonly whole?: boolean;
}

interface Row {
  readonly key: string;
  readonly says: string;
  readonly mayBe: string;
  readonly shipped: string;
}

/** `shipped` are the files of the repository, as JSON. */
export function configDocs(shipped: { readonly budgets: unknown; readonly markets: unknown }): string {
  return [
    '# Configuration',
    '',
    'Written by `node scripts/config-docs.mjs` from the schemas in `config/`; do not edit it by hand.',
    '',
    'All of it is strict: an unknown key, a wrong type, a value out of its range or a contradiction refuses to start with one line that names',
    'file, key, value and what would be right. `npm run system -- --config-dir DIR` reads another directory than `config/`.',
    '',
    '## config/budgets.json',
    '',
    'Every key but `paper_wallet_usd` and `allow_odd_lots` is required. `ASSET` stands for crypto_spot, crypto_futures, forex and options,',
    'in this order. The file is read again when it changes while the system runs, or at `reload` in `npm run repl`: what fits becomes the',
    'fact `settings.loaded` in the journal and holds from there on; what does not is refused in the log, and the settings in force stay.',
    '',
    ...table('Shipped', rowsOf(jsonSchema(budgetsFile), budgetsFile.parse(shipped.budgets))),
    '',
    '## config/markets.json',
    '',
    'Read at the start. Every key is required.',
    '',
    ...table('Shipped', rowsOf(jsonSchema(marketsFile), shipped.markets)),
    '',
    '## config/strategies/NAME.json',
    '',
    'Parameters of a strategy, read at the start; the strategy itself checks them and names the file where one does not fit.',
    '',
    '## Environment',
    '',
    'Read once at the start, from `.env` in the working directory and from the process, which wins. Every variable is optional, an empty one',
    'counts as not set, and an unknown name in `.env` is refused. Keep `.env` readable by its owner only (`chmod 600`) once it holds keys.',
    '',
    ...table('Default', environmentRows()),
    '',
  ].join('\n');
}

const jsonSchema = (schema: z.ZodType): Schema => z.toJSONSchema(schema, { io: 'input' }) as Schema; // what our schemas become, see Schema

function environmentRows(): readonly Row[] {
  return Object.entries(ENVIRONMENT).map(([key, schema]) => {
    const json = jsonSchema(schema);
    return { key, says: json.description ?? '', mayBe: mayBe(json), shipped: code(asText(schema.parse(undefined))) };
  });
}

/** A flag's default is the value it becomes, not the text that stands in the file. */
const asText = (value: unknown): unknown => (typeof value === 'boolean' ? Number(value) : value);

function rowsOf(schema: Schema, shipped: unknown, path = ''): readonly Row[] {
  if (schema.properties === undefined) {
    const own = { key: path, says: schema.description ?? '', mayBe: mayBe(schema), shipped: shownValue(shipped) };
    if (schema.items?.properties === undefined) return [own];
    return [{ ...own, shipped: '' }, ...rowsOf({ ...schema.items, description: '' }, columns(shipped), `${path}[]`)];
  }
  const entries = Object.entries(schema.properties);
  const [first] = entries;
  if (first !== undefined && first[1].properties === undefined && isPerAsset(entries.map(([key]) => key))) {
    const values = Object.values(isRecord(shipped) ? shipped : {});
    return [{ key: `${path}.ASSET`, says: schema.description ?? '', mayBe: mayBe(first[1]), shipped: values.map(code).join(' / ') }];
  }
  return entries.flatMap(([key, value]) => rowsOf(value, isRecord(shipped) ? shipped[key] : undefined, path === '' ? key : `${path}.${key}`));
}

/** A list of objects as an object of lists. */
function columns(list: unknown): Readonly<Record<string, unknown>> {
  const rows = Array.isArray(list) ? list.filter(isRecord) : [];
  return Object.fromEntries(Object.keys(rows[0] ?? {}).map((key) => [key, rows.map((row) => row[key])]));
}

const isPerAsset = (keys: readonly string[]): boolean => keys.length === ASSETS.length && ASSETS.every((asset) => keys.includes(asset));

function mayBe(schema: Schema): string {
  if (schema.enum?.join() === '0,1') return '0 or 1';
  if (schema.enum !== undefined) return schema.enum.map(code).join(', ');
  if (schema.type === 'array') return `list of ${schema.minItems ?? 0} to ${schema.maxItems ?? 'any number'}`;
  if (schema.low !== undefined) return `${schema.whole === true ? 'whole number' : 'number'}, ${schema.low} to ${schema.high ?? ''}`;
  if (schema.type === 'integer' || schema.type === 'number') return `${schema.type === 'integer' ? 'whole number' : 'number'}${range(schema)}`;
  return schema.type === 'boolean' ? 'true or false' : 'text';
}

function range({ minimum, exclusiveMinimum, maximum }: Schema): string {
  const low = exclusiveMinimum === undefined ? `${minimum ?? ''}` : `above ${exclusiveMinimum}`;
  if (maximum !== undefined) return `, ${low}${exclusiveMinimum === undefined ? ' to' : ', at most'} ${maximum}`;
  return low === '' ? '' : `, ${low}${exclusiveMinimum === undefined ? ' or more' : ''}`;
}

const shownValue = (value: unknown): string => (Array.isArray(value) ? value.map(code).join(', ') : code(value));
const code = (value: unknown): string => (value === undefined ? '–' : `\`${String(value)}\``);
const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> => typeof value === 'object' && value !== null && !Array.isArray(value);

function table(last: string, rows: readonly Row[]): readonly string[] {
  return [
    `| Key | What it says | May be | ${last} |`,
    '|---|---|---|---|',
    ...rows.map(({ key, says, mayBe: values, shipped }) => `| \`${key}\` | ${says} | ${values} | ${shipped} |`),
  ];
}
