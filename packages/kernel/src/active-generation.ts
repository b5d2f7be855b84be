import { closeSync } from 'node:fs'
import { lookup, word } from './bpf-map.ts'
import { CONFIG_BYTES } from './kernel-config.ts'
import { checked, libbpf } from './libbpf.ts'

/** Number of the policy in force; 0 before the first. */
export function activeGeneration(config: number): number {
  const bytes = lookup(config, word(0), CONFIG_BYTES)
  return bytes ? new DataView(bytes.buffer).getUint32(0, true) : 0
}

/** The names that are bound in the policy in force; 0 before there is one. */
export function withActiveBindings(
  maps: { readonly config: number; readonly bindings: number },
  use: (fd: number) => number,
): number {
  const id = lookup(maps.bindings, word(activeGeneration(maps.config) & 1), 4)
  if (!id) return 0
  const number = new DataView(id.buffer).getUint32(0, true)
  const fd = checked('open the bindings', libbpf().mapById(number))
  try {
    return use(fd)
  } finally {
    closeSync(fd)
  }
}
