/** Why a guard is asked to stop: its next start, of another version perhaps, takes over what it enforces. */
export const MAKE_WAY = 'make way'
