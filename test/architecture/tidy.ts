/** The predicates of tidiness. Each returns what is wrong as sentences that say what would be right; nothing is an empty list. */
import ts from 'typescript';

export const FILE_LINES_MAX = 400;
export const FUNCTION_LINES_MAX = 70;

const KEBAB_NAME = /^\.?[a-z0-9]+([-.][a-z0-9]+)*$/;
/** Names that tools prescribe, and Svelte's components. */
/** Named by the event that they are a sample of. */
const GOLDEN = /^test\/fixtures\/events\/[a-z._]+\.v\d+\.json$/;
const PRESCRIBED = /^(README|CHANGELOG|SECURITY|CONTRIBUTING)\.md$|^(LICENSE|NOTICE)$|^[A-Z][A-Za-z0-9]*\.svelte$/;

export function fileTooLong(path: string, text: string): readonly string[] {
  const lines = text.trimEnd().split('\n').length;
  return lines <= FILE_LINES_MAX ? [] : [`${path} has ${lines} lines; split it by idea: at most ${FILE_LINES_MAX}, aim at 150`];
}

export function badName(path: string): readonly string[] {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (/^index\.[jt]s$/.test(name)) return [`${path}: no barrels; name the file by what it holds`];
  return KEBAB_NAME.test(name) || PRESCRIBED.test(name) || GOLDEN.test(path)
    ? []
    : [`${path}: file names are kebab-case (components PascalCase.svelte)`];
}

/** Functions longer than the limit; the callback of `describe` is a chapter, not a function. */
export function longFunctions(path: string, text: string): readonly string[] {
  const source = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const problems: string[] = [];
  const lineOf = (position: number): number => source.getLineAndCharacterOfPosition(position).line + 1;
  const visit = (node: ts.Node): void => {
    if (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined && !isDescribeCallback(node)) {
      const first = lineOf(node.getStart(source));
      const lines = lineOf(node.getEnd()) - first + 1;
      if (lines > FUNCTION_LINES_MAX) {
        problems.push(`${path}:${first} ${nameOf(node)} has ${lines} lines; name its parts: at most ${FUNCTION_LINES_MAX}`);
      }
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return problems;
}

/** Style that neither tsc nor a formatter holds: enums, default exports and `any` are the linter's; these are ours. */
export function badImports(path: string, text: string): readonly string[] {
  return ts.preProcessFile(text, true, true).importedFiles.flatMap(({ fileName }) => {
    if (fileName.startsWith('#') && !/\.(ts|svelte|json)$/.test(fileName)) return [`${path}: '${fileName}' needs its ending: #room/file.ts`];
    if (!fileName.startsWith('.')) return [];
    if (leavesRoom(path, fileName)) return [`${path}: '${fileName}' leaves its room; spell it #room/file.ts`];
    return /\.(ts|svelte|json|css|mjs)(\?[a-z]+)?$/.test(fileName) ? [] : [`${path}: '${fileName}' needs its ending: ./file.ts`];
  });
}

function leavesRoom(path: string, specifier: string): boolean {
  const depth = path.split('/').length - 1;
  const up = specifier.split('/').filter((part) => part === '..').length;
  return up >= depth;
}

function isDescribeCallback(node: ts.Node): boolean {
  return ts.isCallExpression(node.parent) && /^describe\b/.test(node.parent.expression.getText());
}

function nameOf(node: ts.Node): string {
  const own = (node as { readonly name?: ts.Node }).name;
  const given = own ?? (ts.isVariableDeclaration(node.parent) || ts.isPropertyAssignment(node.parent) ? node.parent.name : undefined);
  return given?.getText() ?? 'an unnamed function';
}
