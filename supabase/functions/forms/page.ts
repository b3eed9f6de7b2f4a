import { htmlPage, languageOf } from "../_shared/html.ts";

/** sent: a form was filled in; asked: the page with the button; done; unknown: the link is not good any more. */
export type Shown = "sent" | "asked" | "done" | "unknown";

const WORDS = {
  en: {
    title: { sent: "Thank you", asked: "Confirm", done: "Thank you", unknown: "Not confirmed" },
    sent: "It has arrived. If you agreed to mails, we have sent you one with a link to confirm that.",
    asked: "Do you agree to what the mail says?",
    done: "It is confirmed.",
    unknown: "This link is unknown, older than seven days, or you have taken your consent back since. " +
      "Fill in the form again to get another.",
  },
  fr: {
    title: { sent: "Merci", asked: "Confirmer", done: "Merci", unknown: "Pas confirmé" },
    sent: "C'est bien arrivé. Si vous avez accepté des messages, un lien de confirmation vous a été envoyé.",
    asked: "Acceptez-vous ce que dit le message ?",
    done: "C'est confirmé.",
    unknown: "Ce lien est inconnu, a plus de sept jours, ou vous avez retiré votre accord depuis. " +
      "Remplissez à nouveau le formulaire pour en recevoir un autre.",
  },
};

/** The page in a language of the Accept-Language header. */
export function page(accepted: string | null, shown: Shown): Response {
  const language = languageOf(accepted);
  const words = WORDS[language];
  const title = words.title[shown];
  const button = shown === "asked" ? `<form method="post"><button>${title}</button></form>` : "";
  return htmlPage(language, title, `<p>${words[shown]}</p>${button}`, shown === "unknown" ? 410 : 200);
}
