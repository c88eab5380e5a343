/** What the command line takes from the environment, besides the gateway's settings (docs/configuration.md). */
export const ENVIRONMENT: readonly (readonly [name: string, about: string])[] = [
  ['COUNTERSIGN_URL', 'the gateway, as --url'],
  ['COUNTERSIGN_API_KEY', 'the API key, as --api-key'],
  ['COUNTERSIGN_API_KEY_FILE', 'a file that holds the API key'],
  ['COUNTERSIGN_SERVICE_ACCOUNT', 'the service account, as --service-account'],
  ['COUNTERSIGN_SERVICE_ACCOUNT_KEY_FILE', 'its private key, as --key-file'],
  ['COUNTERSIGN_PROFILE', 'a profile, as --profile'],
  ['COUNTERSIGN_DATA_DIR', 'the data directory, as --data-dir'],
  ['COUNTERSIGN_SESSION_TOKEN', 'the token that "session narrow" makes a child of'],
  ['COUNTERSIGN_MCP_URL', 'where "try" connects, with COUNTERSIGN_MCP_AUTHORIZATION'],
  ['COUNTERSIGN_MCP_AUTHORIZATION', 'the Authorization header of "try"'],
  ['NO_COLOR', 'no colours'],
  ['XDG_CONFIG_HOME', 'where profiles are kept, in countersign/config.json; ~/.config unless set'],
];
