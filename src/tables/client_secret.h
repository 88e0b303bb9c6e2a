/*
 * client_secret.h
 *		Is it one of the client's secrets?  And what their use leaves behind.
 */
#ifndef PGT_CLIENT_SECRET_H
#define PGT_CLIENT_SECRET_H

#include "tables/client.h"

extern PgtErr client_secret_check(Client *client, const char *client_secret);

/* the client has proved itself by this one of its secrets: it and the table are told, the table once an hour */
extern void client_secret_used(Client *client, ClientSecret *secret);

/* the same where another shard has seen it, and has noted the use; a secret_id that it has not is none */
extern void client_secret_proved(Client *client, const char *secret_id);

#endif /* PGT_CLIENT_SECRET_H */
