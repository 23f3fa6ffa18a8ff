"""An operation's key is unique among those of who acts: nobody can use up the key of somebody else."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_without_spare_indexes")]

    operations = [
        migrations.AlterField(model_name="operation", name="key", field=models.TextField()),
        migrations.AddConstraint(
            model_name="operation",
            constraint=models.UniqueConstraint(
                fields=["actor", "key"], name="operation_key_once_per_actor", nulls_distinct=False
            ),
        ),
    ]
