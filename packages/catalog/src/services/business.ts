import { fact, service, web, type Service } from './service.ts'

export const BUSINESS: Readonly<Record<string, Service>> = {
  salesforce: web(
    'Salesforce',
    '.salesforce.com .force.com .salesforceliveagent.com .visualforce.com .salesforce-sites.com .sfdcstatic.com .lightning.force.com',
    'https://help.salesforce.com/s/articleView?id=000384438',
  ),
  servicenow: web('ServiceNow', '.service-now.com .servicenow.com', 'https://www.servicenow.com/docs'),
  workday: web('Workday', '.workday.com .myworkday.com .myworkdayjobs.com', 'https://www.workday.com'),
  sap: web(
    'SAP',
    '.sap.com .successfactors.com .successfactors.eu .ariba.com .concursolutions.com',
    'https://help.sap.com',
  ),
  'oracle-cloud': web(
    'Oracle Cloud console',
    'cloud.oracle.com *.cloud.oracle.com login.oci.oraclecloud.com identity.oraclecloud.com www.oracle.com docs.oracle.com',
    'https://docs.oracle.com/iaas/Content/General/Concepts/addressranges.htm',
  ),
  hubspot: web(
    'HubSpot',
    '.hubspot.com .hubapi.com .hsforms.com .hs-scripts.com .hubspotusercontent.com',
    'https://knowledge.hubspot.com/domains-and-urls/network-allowlist',
  ),
  zendesk: web(
    'Zendesk',
    '.zendesk.com .zdassets.com .zopim.com',
    'https://support.zendesk.com/hc/en-us/articles/4408842902170',
  ),
  freshworks: web('Freshworks', '.freshworks.com .freshdesk.com .freshservice.com', 'https://support.freshdesk.com'),
  intercom: web('Intercom', '.intercom.io .intercom.com .intercomcdn.com', 'https://www.intercom.com/help'),
  netsuite: web('NetSuite', '.netsuite.com', 'https://docs.oracle.com/en/cloud/saas/netsuite/'),
  quickbooks: web('QuickBooks', '.intuit.com .quickbooks.com', 'https://quickbooks.intuit.com'),
  xero: web('Xero', '.xero.com', 'https://developer.xero.com'),
  stripe: web('Stripe', '.stripe.com .stripe.network', 'https://docs.stripe.com/ips'),
  paypal: web('PayPal', '.paypal.com .paypalobjects.com', 'https://developer.paypal.com'),
  adyen: web('Adyen', '.adyen.com', 'https://docs.adyen.com'),
  shopify: web('Shopify', '.shopify.com .shopifycdn.com', 'https://help.shopify.com'),
  twilio: web('Twilio', '.twilio.com', 'https://www.twilio.com/docs/global-infrastructure/ip-addresses'),
  sendgrid: web(
    'SendGrid',
    '.sendgrid.com .sendgrid.net',
    'https://www.twilio.com/docs/sendgrid',
    'tcp/25 tcp/465 tcp/587 tcp/2525',
  ),
  mailchimp: web(
    'Mailchimp',
    '.mailchimp.com .mandrillapp.com',
    'https://mailchimp.com/developer/',
    'tcp/25 tcp/465 tcp/587 tcp/2525',
  ),
  bamboohr: web('BambooHR', '.bamboohr.com', 'https://help.bamboohr.com'),
  okta: web(
    'Okta',
    '.okta.com .oktacdn.com .oktapreview.com .okta-emea.com',
    'https://help.okta.com/oie/en-us/content/topics/security/ip-address-allow-listing.htm',
  ),
  auth0: web('Auth0', '.auth0.com', 'https://auth0.com/docs'),
  duo: web('Duo Security', '.duosecurity.com .duo.com', 'https://help.duo.com/s/article/1337'),
  onelogin: web('OneLogin', '.onelogin.com', 'https://onelogin.service-now.com/support'),
  '1password': web(
    '1Password',
    '.1password.com .1password.eu .1password.ca .1passwordusercontent.com',
    'https://support.1password.com/ports-domains/',
  ),
  bitwarden: web(
    'Bitwarden',
    '.bitwarden.com .bitwarden.eu .bitwarden.net .btwrdn.co .btwrdn.com',
    'https://bitwarden.com/help/bitwarden-addresses/',
  ),
  lastpass: web('LastPass', '.lastpass.com', 'https://support.lastpass.com'),
  crowdstrike: web('CrowdStrike Falcon', '.cloudsink.net .crowdstrike.com', 'https://www.crowdstrike.com'),
  sentinelone: web('SentinelOne', '.sentinelone.net', 'https://www.sentinelone.com'),
  zscaler: web(
    'Zscaler',
    '.zscaler.com .zscaler.net .zscalerone.net .zscalertwo.net .zscalerthree.net .zscloud.net',
    'https://config.zscaler.com',
  ),
  tailscale: service(
    'Tailscale',
    fact('https://tailscale.com/kb/1082/firewall-ports', {
      domains: '.tailscale.com',
      ports: 'tcp/443 udp/3478 udp/41641',
    }),
  ),
  pagerduty: web('PagerDuty', '.pagerduty.com', 'https://support.pagerduty.com'),
  datadog: service(
    'Datadog',
    fact('https://docs.datadoghq.com/agent/configuration/network/', {
      domains: '.datadoghq.com .datadoghq.eu .ddog-gov.com',
    }),
    fact('https://docs.datadoghq.com/agent/configuration/network/#open-ports', {
      domains: 'agent-intake.logs.datadoghq.com',
      ports: 'tcp/10516',
    }),
  ),
  'new-relic': service(
    'New Relic',
    fact('https://docs.newrelic.com/docs/new-relic-solutions/get-started/networks/', {
      domains: '.newrelic.com .nr-data.net',
    }),
    fact('https://docs.newrelic.com/docs/new-relic-solutions/get-started/networks/#ports', {
      domains: 'otlp.nr-data.net otlp.eu01.nr-data.net',
      ports: 'tcp/4317 tcp/4318',
    }),
  ),
  splunk: web('Splunk Cloud', '.splunkcloud.com .splunk.com', 'https://docs.splunk.com', 'tcp/8088-8089 tcp/9997'),
  sentry: service(
    'Sentry',
    fact('https://docs.sentry.io/security-legal-pii/security/ip-ranges/', {
      domains: '.sentry.io app.getsentry.com',
      prefixes: `35.186.247.156/32 8.233.212.117/32 8.233.203.90/32 34.36.122.224/32 34.36.87.148/32 34.120.195.249/32
        34.120.62.213/32 34.160.81.0/32 34.102.210.18/32 34.96.102.34/32 2600:1901:0:5e8a::/64 2600:1901:0:7edb::/64`,
    }),
  ),
  grafana: web(
    'Grafana Cloud',
    '.grafana.net .grafana.com',
    'https://grafana.com/docs/grafana-cloud/security-and-account-management/allow-list/',
  ),
  elastic: web('Elastic Cloud', '.elastic.co .elastic-cloud.com', 'https://www.elastic.co/docs', 'tcp/9243'),
  snowflake: web(
    'Snowflake',
    '.snowflakecomputing.com .snowflake.com',
    'https://docs.snowflake.com/en/user-guide/hostname-allowlist',
    'tcp/80',
  ),
  databricks: web(
    'Databricks',
    '.databricks.com .azuredatabricks.net',
    'https://docs.databricks.com/resources/ip-domain-region.html',
  ),
  'mongodb-atlas': service(
    'MongoDB Atlas',
    fact('https://www.mongodb.com/docs/atlas/setup-cluster-security/', {
      domains: '.mongodb.net .mongodb.com',
      ports: 'tcp/443 tcp/27015-27017',
    }),
  ),
  openai: web(
    'OpenAI',
    '.openai.com .chatgpt.com files.oaiusercontent.com .oaistatic.com',
    'https://help.openai.com/en/articles/9247338',
  ),
  anthropic: web(
    'Anthropic',
    '.anthropic.com .claude.ai .claude.com www.claudeusercontent.com',
    'https://docs.anthropic.com',
  ),
  mistral: web('Mistral AI', '.mistral.ai', 'https://docs.mistral.ai'),
  perplexity: web('Perplexity', '.perplexity.ai', 'https://docs.perplexity.ai'),
  grammarly: web('Grammarly', '.grammarly.com .grammarly.io', 'https://support.grammarly.com'),
  deepl: web('DeepL', '.deepl.com', 'https://developers.deepl.com/docs'),
}
