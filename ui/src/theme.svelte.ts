/** Dark, light, or as the system has it. Charts draw on a canvas, so they are told the colours and told again when they change. */
export type ThemeChoice = 'auto' | 'dark' | 'light';
const CHOICES: readonly ThemeChoice[] = ['auto', 'dark', 'light'];
const STORED_AS = 'ledgerwood.theme';

export class Theme {
  choice: ThemeChoice = $state(stored());
  #systemIsDark = $state(false);
  readonly isDark: boolean = $derived(this.choice === 'auto' ? this.#systemIsDark : this.choice === 'dark');

  constructor() {
    const system = matchMedia('(prefers-color-scheme: dark)');
    this.#systemIsDark = system.matches;
    system.addEventListener('change', ({ matches }) => (this.#systemIsDark = matches));
    this.#show();
  }

  next(): void {
    this.choice = CHOICES[(CHOICES.indexOf(this.choice) + 1) % CHOICES.length] ?? 'auto';
    localStorage.setItem(STORED_AS, this.choice);
    this.#show();
  }

  #show(): void {
    if (this.choice === 'auto') delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = this.choice;
  }
}

function stored(): ThemeChoice {
  const text = localStorage.getItem(STORED_AS);
  return CHOICES.find((choice) => choice === text) ?? 'auto';
}
