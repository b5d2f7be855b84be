type Issue = { readonly path: readonly PropertyKey[]; readonly message: string }

/** What does not fit a schema of zod, each with its place, on one line. */
export function schemaProblem({ issues }: { readonly issues: readonly Issue[] }): string {
  return issues
    .map(({ path, message }) => (path.length === 0 ? message : `${path.map(String).join('.')}: ${message}`))
    .join('; ')
}
