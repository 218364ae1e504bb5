// A certified OAuth/OpenID server (npm: oidc-provider) for the journey in test_journey.py.
import { createServer } from "node:http";
import Provider from "oidc-provider";

const client = {
  client_id: "hub",
  client_secret: "planted-app",
  application_type: "native",
  redirect_uris: ["http://127.0.0.1/auth/callback"],
  grant_types: ["authorization_code", "refresh_token"],
  token_endpoint_auth_method: process.argv[2],
};
const server = createServer((request, response) => provider.callback()(request, response));
let provider;
server.listen(0, "127.0.0.1", () => {
  provider = new Provider(`http://127.0.0.1:${server.address().port}`, {
    clients: [client],
    pkce: { required: () => true },
    rotateRefreshToken: true,
    ttl: { AccessToken: 2, RefreshToken: 3600, Grant: 3600, Session: 3600, Interaction: 60 },
    features: { devInteractions: { enabled: true }, revocation: { enabled: true } },
    claims: { openid: ["sub"], email: ["email"] },
    findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@example.org` }) }),
  });
  console.log(server.address().port);
});
