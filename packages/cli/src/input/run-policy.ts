import { policyFromAllows, SallyportError, type Layer, type Mode, type Policy } from '@sallyport/policy'
import { readPolicy } from './policy-files.ts'

/** The policy files as layers, then the destinations allowed on the command line: a rule of a file wins over them. */
export async function readRunPolicy(
  files: readonly string[],
  allows: readonly string[],
  mode: Mode | null,
): Promise<Policy> {
  if (files.length === 0 && allows.length === 0) {
    throw new SallyportError('usage', 'nothing says what may leave', {
      remedy: 'Give --policy FILE or --allow DESTINATION; `--mode monitor --allow 0.0.0.0/0` only watches.',
    })
  }
  const { layers } = files.length === 0 ? { layers: [] } : await readPolicy(files)
  const all = allows.length === 0 ? layers : [...layers, allowLayer(allows, layers.at(-1))]
  return { layers: mode === null ? all : all.map((layer) => inMode(layer, mode)) }
}

/** Allowing more must not change what the policy does with the rest: its default and mode stay. */
function allowLayer(allows: readonly string[], last: Layer | undefined): Layer {
  const layer = policyFromAllows(allows)
  return last === undefined ? layer : { ...layer, default: last.default, mode: last.mode }
}

function inMode(layer: Layer, mode: Mode): Layer {
  return { ...layer, mode, rules: layer.rules.map((rule) => ({ ...rule, mode })) }
}
