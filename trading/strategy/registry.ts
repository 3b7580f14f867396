import { emaCross } from './ema-cross.ts';
import { prepare, type Prepared } from './port.ts';

const PREPARE: Readonly<Record<string, (rawParams: unknown) => Prepared>> = {
  [emaCross.id]: (rawParams) => prepare(emaCross, rawParams),
};

/** @throws RangeError where no strategy has this id, or its parameters do not fit. */
export function prepareStrategy(id: string, rawParams: unknown): Prepared {
  const found = Object.hasOwn(PREPARE, id) ? PREPARE[id] : undefined;
  if (found === undefined) throw new RangeError(`no strategy ${JSON.stringify(id)}; there is ${Object.keys(PREPARE).join(', ')}`);
  return found(rawParams);
}
