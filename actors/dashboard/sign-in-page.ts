/** What a browser without a session sees. One file, no script: its style is allowed by its hash. */
export const SIGN_IN_STYLE = `
:root { color-scheme: light dark; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; background: light-dark(#f4f5f1, #0c1110); color: light-dark(#17201c, #e3ebe7);
  font: 16px/1.6 system-ui, sans-serif; }
main { max-width: 30rem; padding: 2rem; }
h1 { font-size: 1.1rem; letter-spacing: .02em; margin: 0 0 .75rem; }
p { margin: 0 0 .75rem; }
code { font: 0.95em ui-monospace, monospace; padding: .15em .45em; border-radius: .3em; background: light-dark(#e6e9e1, #1b2522); }
`;

export function signInPage(sentence: string): string {
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><title>Ledgerwood: log in</title><style>${SIGN_IN_STYLE}</style></head>
<body><main><h1>Ledgerwood</h1><p>${sentence}</p>
<p>Run <code>npm run repl -- -e login</code> and open the link that it prints, or use the link printed at start. A link works once, for ten minutes.</p></main></body>
</html>
`;
}
