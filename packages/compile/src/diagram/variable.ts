/** The order in which a connection reveals itself is the order of the diagram; kernel images carry these numbers. */
export const VARIABLES = [
  'device',
  'tags',
  'posture',
  'user',
  'groups',
  'app',
  'unit',
  'container',
  'network',
  'port',
  'address',
  'name',
  'protocol',
  'http',
  'content',
] as const
export type VariableName = (typeof VARIABLES)[number]
export type Variable = number

export function variable(name: VariableName): Variable {
  return VARIABLES.indexOf(name)
}

export const PORT: Variable = variable('port')
export const ADDRESS: Variable = variable('address')
export const NAME: Variable = variable('name')
export const PROTOCOL: Variable = variable('protocol')
