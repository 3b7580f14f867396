import type { Start } from '#protocol/actor.ts';
import { z } from 'zod';

const PATH_LENGTH_MAX = 4096;
/** A file or a directory, as the main process names it. */
export const path = z.string().min(1).max(PATH_LENGTH_MAX);

/** The parameters of an actor, checked. @throws RangeError naming the actor, the key and what is wrong with it. */
export function paramsOf<T>(start: Start, schema: z.ZodType<T>): T {
  const parsed = schema.safeParse(start.params);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = ['params', ...(issue?.path ?? [])].join('.');
  throw new RangeError(`${start.name}: ${where}: ${issue?.message ?? 'does not fit'}`);
}
