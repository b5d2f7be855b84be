import {
  formatProblem,
  parsePolicies,
  SallyportError,
  type KnownNames,
  type Layer,
  type Mode,
  type Policy,
} from '@sallyport/policy'
import type { PolicyFile } from '@sallyport/store'

/** What holds before anything was applied: everything is seen, nothing is called unwanted. */
export const WATCH_ONLY: readonly PolicyFile[] = [
  { file: 'watch.yaml', text: 'sallyport: 1\nname: watch\nmode: monitor\ndefault: allow\nrules: []\n' },
]

/** The files as layers. Throws `policy-invalid` with every problem, each with its place, in the remedy. */
export function hostPolicy(files: readonly PolicyFile[], mode: Mode, known: KnownNames = {}): Policy {
  const parsed = parsePolicies(files, known)
  if (!parsed.ok) {
    const textOf = new Map(files.map(({ file, text }) => [file, text]))
    const texts = parsed.problems.map((problem) => formatProblem(problem, textOf.get(problem.file)))
    const count = `${texts.length} ${texts.length === 1 ? 'error' : 'errors'}`
    throw new SallyportError('policy-invalid', `${count} in the policy; nothing is applied`, {
      remedy: texts.join('\n'),
    })
  }
  return { layers: parsed.value.layers.map((layer) => inMode(layer, mode)) }
}

/** Whether the policy may stop anything. */
export function enforces({ layers }: Policy): boolean {
  return layers.some((layer) => layer.mode === 'enforce' || layer.rules.some((rule) => rule.mode === 'enforce'))
}

/** The mode that the host is told goes before the layer's; a rule that is only watched in a layer that enforces stays so. */
function inMode(layer: Layer, mode: Mode): Layer {
  if (layer.mode === mode && mode === 'enforce') return layer
  return { ...layer, mode, rules: layer.rules.map((rule) => ({ ...rule, mode })) }
}
