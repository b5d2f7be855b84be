/** `?` one character, `*` any within a path segment, `**` any across segments. */
export function matchGlob(glob: string, text: string): boolean {
  return globExpression(glob).test(text)
}

export function isLiteral(glob: string): boolean {
  return !/[*?]/.test(glob)
}

function globExpression(glob: string): RegExp {
  const source = glob.replace(/\*\*|[*?]|[\\^$.|+()[\]{}/]/g, (token) =>
    token === '**' ? '.*' : token === '*' ? '[^/]*' : token === '?' ? '[^/]' : `\\${token}`,
  )
  return new RegExp(`^${source}$`, 'su')
}
