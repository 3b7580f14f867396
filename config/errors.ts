/** CF-3: one clear error that names file, key, value and what would be right. The CLI exits with 2 on it. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly file: string;
  readonly key: string;

  constructor(file: string, key: string, value: unknown, expected: string) {
    super(`${file}: ${key}${value === undefined ? '' : ` is ${show(value)}`}: ${expected}`);
    this.file = file;
    this.key = key;
  }
}

const VALUE_SHOWN_MAX_CHARACTERS = 60;

function show(value: unknown): string {
  const text = JSON.stringify(value);
  return text.length > VALUE_SHOWN_MAX_CHARACTERS ? `${text.slice(0, VALUE_SHOWN_MAX_CHARACTERS)}…` : text;
}
