/**
 * A real browser for the page's tests, on a bare machine too: the system's Chromium where there is one (`CHROMIUM` names another), else the
 * headless shell that @sparticuz/chromium ships, with the libraries and fonts that a machine without a desktop lacks.
 */
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { chromium, type Browser, type LaunchOptions } from 'playwright-core';

const SYSTEM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome', '/usr/bin/google-chrome-stable'];
const UNPACK_MS_MAX = 120_000;
const START_MS_MAX = 60_000;
const FONTS = 'ledgerwood-fonts.conf';
const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));
const SHIPPED = '@sparticuz/chromium';

/** No sandbox: tests run as root in containers, and see nothing but our own page. One process less where there is no GPU. */
const ARGS = ['--no-sandbox', '--disable-dev-shm-usage', '--disable-gpu', '--font-render-hinting=none', '--no-default-browser-check'];

/** @throws Error naming what was looked for, where no browser can be had. */
export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({ args: ARGS, timeout: START_MS_MAX, chromiumSandbox: false, ...(await browserFiles()) });
}

async function browserFiles(): Promise<Pick<LaunchOptions, 'executablePath' | 'env'>> {
  const named = process.env['CHROMIUM'];
  if (named !== undefined && named !== '') {
    if (!existsSync(named)) throw new Error(`CHROMIUM=${named}: there is no such file`);
    return { executablePath: named };
  }
  const system = SYSTEM.find((path) => existsSync(path));
  if (system !== undefined) return { executablePath: system };
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    throw new Error(
      `no Chromium found (${SYSTEM.join(', ')}), and ${SHIPPED} has one for linux x64 only: set CHROMIUM to a Chromium or Chrome of this machine`,
    );
  }
  const dir = await unpacked();
  const env = { ...process.env, HOME: dir, FONTCONFIG_FILE: join(dir, FONTS), LD_LIBRARY_PATH: librariesOf(dir) };
  return { executablePath: join(dir, 'chromium'), env: textOnly(env) };
}

/** The package unpacks into the directory for temporary files; a child with one of its own keeps that of the machine clean, and its environment ours. */
async function unpacked(): Promise<string> {
  const entry = createRequire(import.meta.url).resolve(SHIPPED);
  const home = packageHome(entry);
  const { version } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as { readonly version: string };
  const dir = join(ROOT, '.cache', `chromium-${version}`);
  if (existsSync(dir)) return dir;
  mkdirSync(join(ROOT, '.cache'), { recursive: true });
  const draft = mkdtempSync(join(ROOT, '.cache', 'chromium-'));
  const program = `import chromium from ${JSON.stringify(pathToFileURL(join(home, 'build/esm/index.js')).href)}; await chromium.executablePath();`;
  try {
    await promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
      // What the package takes for the sign that the libraries are needed as well.
      env: { ...process.env, TMPDIR: draft, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs20.x', NODE_OPTIONS: '' },
      timeout: UNPACK_MS_MAX,
    });
    writeFileSync(join(draft, FONTS), fontsOf(dir));
    renameSync(draft, dir);
  } catch (error) {
    rmSync(draft, { recursive: true, force: true });
    // Another run may have been first.
    if (!existsSync(dir)) throw new Error(`${SHIPPED} could not be unpacked: ${(error as Error).message}`, { cause: error });
  }
  return dir;
}

/** The machine's fonts where it has some, and the ones that came along. The package's own file knows only the places it was made for. */
const fontsOf = (dir: string): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>${join(dir, 'fonts')}</dir>
  <cachedir>${join(dir, 'font-cache')}</cachedir>
</fontconfig>
`;

function packageHome(entry: string): string {
  let dir = dirname(entry);
  while (!existsSync(join(dir, 'bin', 'chromium.br'))) {
    if (dir === dirname(dir)) throw new Error(`${SHIPPED} is installed without its browser; "npm ci" brings it`);
    dir = dirname(dir);
  }
  return dir;
}

function librariesOf(dir: string): string {
  const own = process.env['LD_LIBRARY_PATH'];
  const shipped = join(dir, 'al2023', 'lib');
  return own === undefined || own === '' ? shipped : `${shipped}:${own}`;
}

const textOnly = (env: Readonly<Record<string, string | undefined>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])));
