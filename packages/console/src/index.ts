export * from './desk/serve-desk.ts'
export { readOidcSettings } from './oidc/oidc-settings.ts'
