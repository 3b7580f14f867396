import { spawn } from 'node:child_process';

const STDERR = 2;

/** Runs a program with all of its output on stderr. @throws Error beginning with `failure` where it does not end with 0. */
export function run(cwd, command, args, failure) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, stdio: ['ignore', STDERR, STDERR], shell: command.endsWith('.cmd') });
    child.once('error', (error) => reject(new Error(`${failure}: ${command} cannot be started (${error.message})`)));
    child.once('exit', (code, signal) => {
      if (code === 0) resolve();
      else reject(new Error(`${failure} (${signal === null ? `exit ${code}` : signal}); what it said stands above`));
    });
  });
}
