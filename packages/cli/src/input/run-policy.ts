import { policyFromAllows, SallyportError, type Layer, type Mode, type Policy } from '@sallyport/policy'
import { namesInForce } from './known-names.ts'
import { readPolicyInForce } from './policy-files.ts'

/** The policy files as layers, then the destinations allowed on the command line: a rule of a file wins over them. */
export async function readRunPolicy(
  files: readonly string[],
  allows: readonly string[],
  mode: Mode | null,
  feeds: readonly string[],
): Promise<Policy> {
  if (files.length === 0 && allows.length === 0) {
    throw new SallyportError('usage', 'nothing says what may leave', {
      remedy: 'Give --policy FILE or --allow DESTINATION; `--mode monitor --allow 0.0.0.0/0` only watches.',
    })
  }
  const { layers } = files.length === 0 ? { layers: [] } : await readPolicyInForce(files, feeds)
  const all = allows.length === 0 ? layers : [...layers, await allowLayer(allows, layers, feeds)]
  return { layers: mode === null ? all : all.map((layer) => inMode(layer, mode)) }
}

/** Allowing more must not change what the policy does with the rest: its default and mode stay. */
async function allowLayer(
  allows: readonly string[],
  layers: readonly Layer[],
  feeds: readonly string[],
): Promise<Layer> {
  const allowed = policyFromAllows(allows)
  const layer = policyFromAllows(allows, await namesInForce({ layers: [...layers, allowed] }, feeds))
  const last = layers.at(-1)
  return last === undefined ? layer : { ...layer, default: last.default, mode: last.mode }
}

function inMode(layer: Layer, mode: Mode): Layer {
  return { ...layer, mode, rules: layer.rules.map((rule) => ({ ...rule, mode })) }
}
