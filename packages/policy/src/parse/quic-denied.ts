import { PLAIN_RULE } from '../plain-rule.ts'
import type { Mode, Position, Rule } from '../policy.ts'

/** What `quic: deny` stands for: the first rule of its layer, cited as any other. */
export function quicDenied(layer: string, mode: Mode, position: Position): Rule {
  const id = `quic-${layer.replace(/[^A-Za-z0-9._:-]/g, '-')}`.slice(0, 128)
  return { ...PLAIN_RULE, id, action: 'deny', mode, protocol: ['quic'], position }
}
