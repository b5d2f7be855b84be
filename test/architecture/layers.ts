/** Imports go from a higher number to a lower one only. */
export const LAYER: Readonly<Record<string, number>> = {
  net: 0,
  policy: 1,
  flow: 1,
  wire: 1,
  compile: 2,
  detect: 2,
  inspect: 2,
  catalog: 2,
  kernel: 3,
  dns: 3,
  proxy: 3,
  store: 3,
  deliver: 3,
  agent: 4,
  control: 4,
  console: 5,
  cli: 6,
}

/** Packages without node: modules, clock, randomness and I/O: all of that is an argument. */
export const PURE: readonly string[] = ['net', 'policy', 'flow', 'wire', 'compile', 'detect', 'inspect']

/** `@sallyport/net` → `net`; null for what is no package of this repository. */
export function folderOf(name: string): string | null {
  if (name === 'sallyport') return 'cli'
  return name.startsWith('@sallyport/') ? name.slice('@sallyport/'.length) : null
}

/** Why a package must not depend on another; null when it may. */
export function layerProblem(folder: string, dependency: string): string | null {
  const other = folderOf(dependency)
  if (other === null) return null
  const own = LAYER[folder]
  const layer = LAYER[other]
  if (own === undefined) return `packages/${folder} has no layer`
  if (layer === undefined) return `${dependency} has no layer`
  return layer < own ? null : `${folder} (layer ${own}) must not depend on ${dependency} (layer ${layer})`
}
