/** OP-4: is this machine fit to run the system? Looks at everything, changes nothing, needs nothing to run, shows no secret (CF-4). */
import { paths } from '#state/data-dir.ts';
import type { Context } from './context.ts';
import {
  adminState,
  clock,
  configuration,
  dataDirectory,
  disk,
  environmentFile,
  journal,
  latch,
  node,
  pagePort,
  venueTime,
  venue,
} from './doctor-checks.ts';
import { EXIT } from './output.ts';
import { CONFIG_DIR } from './root.ts';

interface DoctorOptions {
  readonly port: number;
  readonly configDir?: string;
}

export interface Check {
  readonly name: string;
  readonly ok: boolean;
  readonly detail: string;
}

export interface Examination {
  readonly ok: boolean;
  readonly checks: readonly Check[];
}

export interface Patient extends Pick<Context, 'environment' | 'market' | 'dataDir'> {
  readonly port: number;
  readonly configDir: string;
  readonly envFile: string;
  /** Another venue than the market's own. */
  readonly venueRest?: string;
}

export async function doctor(context: Context, options: DoctorOptions): Promise<number> {
  const { environment, market, dataDir, output } = context;
  const found = await examine({ environment, market, dataDir, port: options.port, configDir: options.configDir ?? CONFIG_DIR, envFile: '.env' });
  output.answer(found, [
    ...found.checks.map(({ name, ok, detail }) => `${ok ? 'ok    ' : 'FAILED'} ${name}: ${detail}`),
    found.ok ? 'fit to run' : `${found.checks.filter(({ ok }) => !ok).length} of ${found.checks.length} checks failed`,
  ]);
  return found.ok ? EXIT.ok : EXIT.failed;
}

/** Every check, whatever the others found. */
export async function examine(patient: Patient): Promise<Examination> {
  const { environment, market, dataDir, port, configDir, envFile, venueRest } = patient;
  const places = paths(dataDir, market);
  const secrets = Object.values(environment.secrets.bybit() ?? {});
  const admin = adminState(places.adminSocket);
  const time = venueTime(market, venueRest);
  const checks = await Promise.all([
    check('node', secrets, () => node(process.versions.node)),
    check('configuration', secrets, () => configuration(configDir, environment.rules)),
    check('environment file', secrets, () => environmentFile(envFile)),
    check('data directory', secrets, () => dataDirectory(dataDir)),
    check('disk', secrets, () => disk(dataDir)),
    check('system', secrets, async () => (await admin).detail),
    check('page port', secrets, async () => pagePort(port, (await admin).running)),
    check('kill latch', secrets, () => latch(places.latch)),
    check('journal', secrets, async () => journal(places, (await admin.catch(() => ({ running: true }))).running)),
    check('venue', secrets, () => venue(market, time)),
    check('clock', secrets, () => clock(market, time)),
  ]);
  return { ok: checks.every(({ ok }) => ok), checks };
}

/** A check says what it found, or throws what is wrong. */
async function check(name: string, secrets: readonly string[], look: () => Promise<string> | string): Promise<Check> {
  const hide = (text: string): string => secrets.reduce((shown, secret) => shown.replaceAll(secret, '[hidden]'), text);
  try {
    return { name, ok: true, detail: hide(await look()) };
  } catch (error) {
    return { name, ok: false, detail: hide((error as Error).message) };
  }
}
