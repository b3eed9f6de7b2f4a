import stripe from "../stripe/index.ts";
import { webhooks } from "./handler.ts";

export default { fetch: webhooks({ stripe: stripe.fetch }) };
