/** What can be known to be wrong before anything is started or written. */
import { createServer } from 'node:net';
import { checkCalendar } from '#trading/calendar/sessions.ts';
import type { Settings } from '#trading/model/settings.ts';
import { prepareStrategy } from '#trading/strategy/registry.ts';
import { SystemError } from './system-error.ts';
import type { SystemOptions } from './system-options.ts';

/** @throws SystemError naming the port. */
export function refusePortInUse(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', (error: NodeJS.ErrnoException) => {
      reject(
        new SystemError(
          `--port ${port}: ${error.code === 'EADDRINUSE' ? 'is in use by another program' : error.message}; stop it or choose another port`,
        ),
      );
    });
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve()));
  });
}

/** @throws SystemError naming the strategy's file and what is wrong in it. */
export function checkStrategies({ assets, strategies }: Pick<SystemOptions, 'assets' | 'strategies'>): void {
  for (const { strategy } of assets) {
    try {
      prepareStrategy(strategy, strategies[strategy] ?? {});
    } catch (error) {
      throw new SystemError(`config/strategies/${strategy}.json: ${(error as Error).message}`);
    }
  }
}

/** @throws SystemError naming the calendar and what is wrong in it. */
export function checkCalendars({ sessions }: Settings): void {
  for (const calendar of Object.values(sessions?.calendars ?? {})) {
    try {
      checkCalendar(calendar);
    } catch (error) {
      throw new SystemError(`config/calendars/sessions.json: ${(error as Error).message}`);
    }
  }
}
