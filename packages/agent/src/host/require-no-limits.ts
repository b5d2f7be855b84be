import { SallyportError, type Policy } from '@sallyport/policy'

/** Nothing counts what a flow moves: an allowance that has a limit would have none. Throws `policy-invalid`. */
export function requireNoLimits({ layers }: Policy): void {
  const limited = layers
    .flatMap(({ rules }) => rules)
    .filter(({ action, mode, limit }) => action === 'allow' && mode === 'enforce' && limit !== null)
    .map(({ id }) => id)
  if (limited.length === 0) return
  throw new SallyportError(
    'policy-invalid',
    `limits cannot be enforced yet; nothing is applied: ${limited.join(', ')}`,
    {
      remedy: 'Take `limit` out of these rules, or let them only watch (`mode: monitor`).',
    },
  )
}
