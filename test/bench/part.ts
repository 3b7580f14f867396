/** One benchmark, measured in this process and told to the one that asked (main.ts). */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BENCHMARKS } from './benchmarks.ts';

const CACHE = fileURLToPath(new URL('../../.cache', import.meta.url));

process.on('disconnect', () => process.exit(1));
const [name = '', size] = process.argv.slice(2);
const benchmark = await BENCHMARKS[name]?.();
if (benchmark === undefined) throw new Error(`no benchmark is named ${name}`);
mkdirSync(CACHE, { recursive: true });
const dir = mkdtempSync(join(CACHE, 'bench-'));
const outcome = await benchmark({ quick: size === 'quick', dir }).finally(() => rmSync(dir, { recursive: true, force: true }));
process.send?.(outcome, undefined, undefined, () => process.exit(0));
