from django.db import migrations

# The table of Django's database cache, which counts sign-in tries: limits hold while the broker is away.
CREATE = """
    CREATE TABLE web_cache (
        cache_key varchar(255) NOT NULL PRIMARY KEY,
        value text NOT NULL,
        expires timestamp with time zone NOT NULL
    );
    CREATE INDEX web_cache_expires ON web_cache (expires);
"""


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [migrations.RunSQL(CREATE, "DROP TABLE web_cache")]
