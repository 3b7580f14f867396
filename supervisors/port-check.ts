import { createServer } from 'node:net';
import { SystemError } from './system-error.ts';

/** @throws SystemError naming the port, before anything is started or written. */
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
