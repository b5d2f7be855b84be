const FROM = /\b(?:import|export)\b[^'"`;]*?\bfrom\s*(['"])([^'"]+)\1/g
const BARE = /\bimport\s*(['"])([^'"]+)\1/g
const DYNAMIC = /\bimport\s*\(\s*(['"])([^'"]+)\1/g

/** What a source file imports: values and types, static and dynamic. */
export function importsOf(text: string): readonly string[] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  return [FROM, BARE, DYNAMIC].flatMap((expression) => [...code.matchAll(expression)].map((match) => match[2]!))
}

/** `@scope/name/part` → `@scope/name`; a path or a node: module is itself. */
export function packageOf(specifier: string): string {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return specifier
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}
