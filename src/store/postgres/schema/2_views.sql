-- For those who query: a view for each kind of record that people number, with the name of its project. `body` has
-- every field of the record.

CREATE VIEW projects AS
SELECT project, title AS name, body ->> 'customer' AS customer, body ->> 'phase' AS phase,
    body ->> 'industry' AS industry, (body ->> 'archived')::boolean AS archived, body
FROM rows
WHERE letter = '*';

CREATE VIEW records AS
SELECT rows.project, projects.name AS project_name, rows.letter, rows.number, rows.letter || rows.number AS id,
    rows.title, rows.state, rows.owner, rows.owner_id, rows.due, rows.body
FROM rows LEFT JOIN projects ON projects.project = rows.project
WHERE rows.letter BETWEEN 'A' AND 'Z';

CREATE VIEW requirements AS SELECT * FROM records WHERE letter = 'R';
CREATE VIEW changes AS SELECT * FROM records WHERE letter = 'C';
CREATE VIEW risks AS SELECT * FROM records WHERE letter = 'K';
CREATE VIEW tickets AS SELECT * FROM records WHERE letter = 'T';
CREATE VIEW meetings AS SELECT * FROM records WHERE letter = 'M';
CREATE VIEW action_items AS SELECT * FROM records WHERE letter = 'A';
CREATE VIEW notices AS SELECT * FROM records WHERE letter = 'N';
CREATE VIEW touches AS SELECT * FROM records WHERE letter = 'U';
CREATE VIEW delivered_values AS SELECT * FROM records WHERE letter = 'V';
CREATE VIEW milestones AS SELECT * FROM records WHERE letter = 'P';
CREATE VIEW documents AS SELECT * FROM records WHERE letter = 'D';
CREATE VIEW briefs AS SELECT * FROM records WHERE letter = 'B';
CREATE VIEW suggestions AS SELECT * FROM records WHERE letter = 'G';
